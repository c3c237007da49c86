#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>

#include "kernels/layout.h"

// Templates over lanes (lanes_*.h). They are compiled once for each instruction
// set and must not leak from there: everything is internal, and nothing of the
// standard library that is not a plain function is used.
namespace lockstep::kernels {

namespace {

/// exp(x) by 2^n * e^r with r within ± ln 2 / 2 and e^r's Taylor polynomial of
/// degree 7; about 1e-7 relative. Below -87 it gives e^-87, above 88 e^88.
template <class V>
typename V::F exp_of(typename V::F x) {
  // In this order what is no number stays none.
  x = V::min(V::set(88.0F), V::max(V::set(-87.0F), x));
  const auto n = V::round(V::mul(x, V::set(1.44269504F)));
  const auto whole = V::to_float(n);
  auto r = V::fma(whole, V::set(-0.693145752F), x);
  r = V::fma(whole, V::set(-1.42860677e-6F), r);
  auto p = V::set(1.0F / 5040.0F);
  for (const float c :
       {1.0F / 720.0F,
        1.0F / 120.0F,
        1.0F / 24.0F,
        1.0F / 6.0F,
        0.5F,
        1.0F,
        1.0F}) {
    p = V::fma(p, r, V::set(c));
  }
  return V::mul(p, V::power_of_two(n));
}

template <class V>
float one_exp(float x) {
  float lanes[kTile];
  V::store(lanes, exp_of<V>(V::set(x)));
  return lanes[0];
}

/// The last, incomplete lanes of an array.
template <class V>
typename V::F load_some(const float* x, int n, float rest) {
  float lanes[kTile];
  for (int i = 0; i < kTile; ++i) {
    lanes[i] = i < n ? x[i] : rest;
  }
  return V::load(lanes);
}

template <class V>
void store_some(float* to, int n, typename V::F x) {
  float lanes[kTile];
  V::store(lanes, x);
  for (int i = 0; i < n; ++i) {
    to[i] = lanes[i];
  }
}

/// y[i] = f(i's lanes of x, …) for all of n values, however many.
template <class V, class Each>
void for_lanes(int n, Each each) {
  int i = 0;
  for (; i + kTile <= n; i += kTile) {
    each(i, kTile);
  }
  if (i < n) {
    each(i, n - i);
  }
}

template <class V>
typename V::F take(const float* x, int n, float rest = 0.0F) {
  return n == kTile ? V::load(x) : load_some<V>(x, n, rest);
}

template <class V>
void put(float* to, int n, typename V::F x) {
  if (n == kTile) {
    V::store(to, x);
  } else {
    store_some<V>(to, n, x);
  }
}

template <class V>
void rms_norm(const float* x, const float* weight, float eps, int n, float* y) {
  auto squares = V::set(0.0F);
  for_lanes<V>(n, [&](int i, int lanes) {
    const auto v = take<V>(x + i, lanes);
    squares = V::fma(v, v, squares);
  });
  const float mean = V::sum(squares) / static_cast<float>(n);
  const auto factor = V::set(1.0F / std::sqrt(mean + eps));
  for_lanes<V>(n, [&](int i, int lanes) {
    const auto v = V::mul(take<V>(x + i, lanes), factor);
    put<V>(y + i, lanes, V::mul(v, take<V>(weight + i, lanes)));
  });
}

template <class V>
void swiglu(float* gate, const float* up, int n) {
  const auto one = V::set(1.0F);
  for (int i = 0; i < n; i += kTile) {
    const auto x = V::load(gate + i);
    const auto down = V::add(one, exp_of<V>(V::sub(V::set(0.0F), x)));
    V::store(gate + i, V::mul(V::div(x, down), V::load(up + i)));
  }
}

template <class V>
void add_to(const float* x, int n, float* to) {
  for_lanes<V>(n, [&](int i, int lanes) {
    put<V>(
        to + i, lanes, V::add(take<V>(to + i, lanes), take<V>(x + i, lanes)));
  });
}

template <class V>
void scale_by(float* x, float by, int n) {
  const auto factor = V::set(by);
  for_lanes<V>(n, [&](int i, int lanes) {
    put<V>(x + i, lanes, V::mul(take<V>(x + i, lanes), factor));
  });
}

template <class V>
void mix_into(const float* x, float by, int n, float keep, float* to) {
  const auto kept = V::set(keep);
  const auto factor = V::set(by);
  for (int i = 0; i < n; i += kTile) {
    const auto old = V::mul(V::load(to + i), kept);
    V::store(to + i, V::add(old, V::mul(V::load(x + i), factor)));
  }
}

template <class V>
void rotate(
    float* heads,
    int n_heads,
    int head_dim,
    int dims,
    const float* cosines,
    const float* sines) {
  const int half = dims / 2;
  for (int head = 0; head < n_heads; ++head) {
    float* x = heads + static_cast<std::ptrdiff_t>(head) * head_dim;
    for_lanes<V>(half, [&](int i, int lanes) {
      const auto a = take<V>(x + i, lanes);
      const auto b = take<V>(x + half + i, lanes);
      const auto c = take<V>(cosines + i, lanes);
      const auto s = take<V>(sines + i, lanes);
      put<V>(x + i, lanes, V::sub(V::mul(a, c), V::mul(b, s)));
      put<V>(x + half + i, lanes, V::add(V::mul(b, c), V::mul(a, s)));
    });
  }
}

/// Integers of type T and the scale they have in common. A value that is not
/// finite makes the scale no number.
template <class V, class T>
float to_ints(const float* x, int n, T* y) {
  constexpr float kMost = std::numeric_limits<T>::max();
  auto most = V::set(0.0F);
  auto poison = V::set(0.0F);
  for_lanes<V>(n, [&](int i, int lanes) {
    const auto values = take<V>(x + i, lanes);
    most = V::max(most, V::abs(values));
    poison = V::fma(values, V::set(0.0F), poison);
  });
  const float largest = V::largest(most);
  const auto by = V::set(largest > 0.0F ? kMost / largest : 0.0F);
  for_lanes<V>(n, [&](int i, int lanes) {
    const auto scaled = V::mul(take<V>(x + i, lanes), by);
    std::int32_t digits[kTile];
    // Within bounds even where a value is no number.
    V::store_ints(
        digits,
        V::round(V::min(V::max(scaled, V::set(-kMost)), V::set(kMost))));
    for (int k = 0; k < lanes; ++k) {
      y[i + k] = static_cast<T>(digits[k]);
    }
  });
  return largest / kMost + V::sum(poison);
}

template <class V>
float largest_of(const float* x, int n) {
  auto most = V::set(-INFINITY);
  for_lanes<V>(n, [&](int i, int lanes) {
    most = V::max(most, take<V>(x + i, lanes, -INFINITY));
  });
  return V::largest(most);
}

template <class V>
double log_sum_exp(const float* x, int n, float largest) {
  const auto most = V::set(largest);
  // Every 256 values the sum moves on to double precision.
  double sum = 0.0;
  for (int first = 0; first < n; first += 256) {
    auto part = V::set(0.0F);
    const int count = n - first < 256 ? n - first : 256;
    for_lanes<V>(count, [&](int i, int lanes) {
      const auto v = take<V>(x + first + i, lanes, -INFINITY);
      auto e = exp_of<V>(V::sub(v, most));
      if (lanes < kTile) {
        float kept[kTile];
        V::store(kept, e);
        e = load_some<V>(kept, lanes, 0.0F);
      }
      part = V::add(part, e);
    });
    sum += static_cast<double>(V::sum(part));
  }
  return std::log(sum) + static_cast<double>(largest);
}

} // namespace

} // namespace lockstep::kernels
