#pragma once

#include "kernels/attend.h"
#include "kernels/lane_math.h"
#include "kernels/table.h"
#include "kernels/tiles.h"

namespace lockstep::kernels {

namespace {

template <class V, bool kFast, int kBits, bool kSymmetric>
constexpr std::array<Table::Tiles, 2> by_scale() {
  return {
      quantized_tiles<V, kFast, kBits, kSymmetric, Stored::f32>,
      quantized_tiles<V, kFast, kBits, kSymmetric, Stored::f16>};
}

template <class V, bool kFast>
constexpr auto quantized_table() {
  return std::array<std::array<std::array<Table::Tiles, 2>, 2>, 2>{
      {{by_scale<V, kFast, 4, false>(), by_scale<V, kFast, 4, true>()},
       {by_scale<V, kFast, 8, false>(), by_scale<V, kFast, 8, true>()}}};
}

/// The table of one kind of lanes.
template <class V>
constexpr Table make_table(const char* name) {
  Table table{};
  table.name = name;
  table.rows = V::kRows;
  table.fast = V::kHasBytes;
  table.quantize_exact = quantize<V, false>;
  table.quantize_fast = quantize<V, V::kHasBytes>;
  table.exact_tiles = quantized_table<V, false>();
  table.fast_tiles = quantized_table<V, V::kHasBytes>();
  table.dense_tiles = {
      dense_tiles<V, Stored::f32>,
      dense_tiles<V, Stored::f16>,
      dense_tiles<V, Stored::bf16>};
  table.rms_norm = rms_norm<V>;
  table.swiglu = swiglu<V>;
  table.add = add_to<V>;
  table.rotate = rotate<V>;
  table.scale = scale_by<V>;
  table.mix = mix_into<V>;
  table.to_i16 = to_ints<V, std::int16_t>;
  table.to_i8 = to_ints<V, std::int8_t>;
  table.attend_f32 = attend<V, KvType::f32>;
  table.attend_i16 = attend<V, KvType::i16>;
  table.attend_i8 = attend<V, KvType::i8>;
  table.exp = one_exp<V>;
  table.largest = largest_of<V>;
  table.log_sum_exp = log_sum_exp<V>;
  return table;
}

} // namespace

} // namespace lockstep::kernels
