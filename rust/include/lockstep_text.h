#pragma once

/// The border to the Rust crate: tokenizers and chat templates.
///
/// Rules that hold for every function: text is UTF-8 with an explicit length
/// and may hold zero bytes; a null pointer is allowed where a length is 0. What
/// fails gives null or false and sets *error; what succeeds leaves *error
/// alone. No panic and no output to stderr comes from the other side.
/// Tokenizers and templates are immutable and may be used by several threads at
/// once; a stream belongs to one thread at a time.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A text owned by the Rust side until lockstep_text_free.
typedef struct LockstepText {
  char* data;
  size_t size;
} LockstepText;

/// Token ids owned by the Rust side until lockstep_ids_free.
typedef struct LockstepIds {
  int32_t* data;
  size_t size;
} LockstepIds;

typedef struct LockstepTokenizer LockstepTokenizer;
typedef struct LockstepStream LockstepStream;
typedef struct LockstepTemplate LockstepTemplate;

/// Frees any text given out here; a text of null and 0 is allowed.
void lockstep_text_free(LockstepText text);
void lockstep_ids_free(LockstepIds ids);

/// From the text of a tokenizer.json.
LockstepTokenizer* lockstep_tokenizer_new(
    const char* json,
    size_t json_size,
    LockstepText* error);
void lockstep_tokenizer_free(LockstepTokenizer* tokenizer);

/// Largest id + 1.
int32_t lockstep_tokenizer_vocab(const LockstepTokenizer* tokenizer);

/// The id of a token by its exact name, or -1.
int32_t lockstep_tokenizer_find(
    const LockstepTokenizer* tokenizer,
    const char* name,
    size_t name_size);

/// `add_special` adds what the model expects around a text; `parse_special`
/// makes control tokens written in the text their ids.
bool lockstep_tokenizer_encode(
    const LockstepTokenizer* tokenizer,
    const char* text,
    size_t text_size,
    bool add_special,
    bool parse_special,
    LockstepIds* ids,
    LockstepText* error);

bool lockstep_tokenizer_decode(
    const LockstepTokenizer* tokenizer,
    const int32_t* ids,
    size_t n_ids,
    bool skip_special,
    LockstepText* text,
    LockstepText* error);

/// Decodes ids one by one. Keeps what it needs of the tokenizer alive.
LockstepStream* lockstep_stream_new(
    const LockstepTokenizer* tokenizer,
    bool skip_special,
    LockstepText* error);
void lockstep_stream_free(LockstepStream* stream);

/// The text that became certain by this id.
bool lockstep_stream_push(
    LockstepStream* stream,
    int32_t id,
    LockstepText* text,
    LockstepText* error);

/// The rest; the stream then starts anew.
bool lockstep_stream_finish(
    LockstepStream* stream,
    LockstepText* text,
    LockstepText* error);

/// From Jinja source; the error names the line.
LockstepTemplate* lockstep_template_new(
    const char* source,
    size_t source_size,
    LockstepText* error);
void lockstep_template_free(LockstepTemplate* chat);

/// `variables` is the text of a JSON object.
bool lockstep_template_render(
    const LockstepTemplate* chat,
    const char* variables,
    size_t variables_size,
    LockstepText* text,
    LockstepText* error);

#ifdef __cplusplus
}
#endif
