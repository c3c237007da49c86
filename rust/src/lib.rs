//! Tokenizers and chat templates for lockstep, behind a C header
//! (include/lockstep_text.h), which is the contract of every function here.

mod border;
mod compile;
mod guard;
mod json;
mod python;
mod stream;
mod template;
mod tokenizer;
