#pragma once

#include <memory>

#include "lockstep_text.h"
#include "text/tokenizer.h"

namespace lockstep::text {

struct Tokenizer::Handle {
  struct Free {
    void operator()(LockstepTokenizer* tokenizer) const {
      lockstep_tokenizer_free(tokenizer);
    }
  };
  std::unique_ptr<LockstepTokenizer, Free> rust;
};

} // namespace lockstep::text
