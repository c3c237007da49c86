#pragma once

#include <string>
#include <string_view>

namespace lockstep::checkpoint {

/// Which of a model's heads the rows of a tensor belong to.
enum class Heads { none, query, key };

struct HfName {
  std::string name;
  /// Set when the converter to GGUF has put the rows' rotary pairs side by
  /// side: the queries and keys of architecture "llama".
  Heads interleaved = Heads::none;
};

/// The name Hugging Face gives to a tensor of a GGUF file. A name that is not
/// known stays as it is, for the model to refuse; so does "rope_freqs.weight",
/// the divisors of the rotary frequencies.
HfName hf_name(std::string_view gguf_name, std::string_view architecture);

} // namespace lockstep::checkpoint
