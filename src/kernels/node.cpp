#include "kernels/node.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "mlx/allocator.h"
#include "mlx/backend/cpu/encoder.h"
#include "mlx/primitives.h"
#include "mlx/stream.h"

namespace lockstep::kernels {

namespace {

class Node final : public mx::UnaryPrimitive {
 public:
  Node(mx::Stream stream, const char* name, NodeWork work)
      : UnaryPrimitive(stream), name_(name), work_(std::move(work)) {}

  const char* name() const override { return name_; }

  void eval_cpu(
      const std::vector<mx::array>& inputs, mx::array& output) override {
    output.set_data(mx::allocator::malloc(output.nbytes()));
    std::vector<std::byte*> data;
    data.reserve(inputs.size());
    for (const auto& input : inputs) {
      if (!input.flags().row_contiguous) {
        throw std::invalid_argument(
            std::string("[") + name_ + "] an input is not contiguous by rows");
      }
      data.push_back(const_cast<std::byte*>(input.data<std::byte>()));
    }
    auto& encoder = mx::cpu::get_command_encoder(stream());
    // The work moves along: this node may be gone when its turn comes.
    encoder.dispatch([work = std::move(work_),
                      data = std::move(data),
                      out = output.data<float>()] { work(data, out); });
  }

  void eval_gpu(const std::vector<mx::array>&, mx::array&) override {
    throw std::logic_error(std::string("[") + name_ + "] runs on CPUs only");
  }

 private:
  const char* name_;
  NodeWork work_;
};

} // namespace

mx::array make_node(
    const char* name,
    mx::Shape shape,
    std::vector<mx::array> inputs,
    NodeWork work) {
  const auto stream = mx::default_stream(mx::Device(mx::Device::cpu));
  return {
      std::move(shape),
      mx::float32,
      std::make_shared<Node>(stream, name, std::move(work)),
      std::move(inputs)};
}

} // namespace lockstep::kernels
