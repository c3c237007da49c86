#include "link/message.h"

#include "base/error.h"

namespace lockstep::link {

namespace {

// Part of the protocol: the place in Message, fixed here by number so that a
// new message does not move the others.
enum Type : std::uint8_t {
  hello = 1,
  welcome = 2,
  ready = 3,
  turn = 4,
  status = 5,
  goodbye = 6,
  challenge = 7,
  answer = 8,
  proof = 9,
  input = 10,
  output = 11,
  ping = 12,
};

std::string printable(std::string text) {
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n') || byte == 0x7f) {
      c = ' ';
    }
  }
  return text;
}

struct Encoder {
  Frame operator()(const Hello& m) const {
    PayloadWriter out;
    out.i32(m.rank).i32(m.size).i32(m.pid).text(m.host, 255);
    return {Type::hello, out.take()};
  }
  Frame operator()(const Welcome& m) const {
    const auto streams = static_cast<std::uint32_t>(m.streams);
    return {Type::welcome, PayloadWriter().u32(streams).take()};
  }
  Frame operator()(const Ready& m) const {
    return {Type::ready, PayloadWriter().i32(m.port).take()};
  }
  Frame operator()(const Turn& m) const {
    return {Type::turn, PayloadWriter().text(m.where, kMostPiece).take()};
  }
  Frame operator()(const Status& m) const {
    PayloadWriter out;
    out.text(m.phase, 255).u64(m.tick).u32(static_cast<std::uint32_t>(m.step));
    return {Type::status, out.take()};
  }
  Frame operator()(const Challenge& m) const {
    return {Type::challenge, PayloadWriter().text(m.nonce).take()};
  }
  Frame operator()(const Answer& m) const {
    return {Type::answer, PayloadWriter().text(m.nonce).text(m.proof).take()};
  }
  Frame operator()(const Proof& m) const {
    return {Type::proof, PayloadWriter().text(m.proof).take()};
  }
  Frame operator()(const Input& m) const {
    PayloadWriter out;
    out.text(m.bytes, kMostPiece).u32(m.last ? 1 : 0);
    return {Type::input, out.take()};
  }
  Frame operator()(const Output& m) const {
    PayloadWriter out;
    out.i32(m.stream).text(m.bytes, kMostPiece);
    return {Type::output, out.take()};
  }
  Frame operator()(const Ping& m) const {
    return {Type::ping, PayloadWriter().u32(m.is_vital ? 1 : 0).take()};
  }
  Frame operator()(const Goodbye& m) const {
    return {Type::goodbye, PayloadWriter().i32(m.code).text(m.text).take()};
  }
};

// A number from `least` to `most`.
std::uint32_t choice(
    PayloadReader& in,
    std::string_view peer,
    std::uint32_t least,
    std::uint32_t most) {
  const auto value = in.u32();
  if (value < least || value > most) {
    fail(
        ErrorKind::network,
        "{} sent {} in a control message, expected {} to {}",
        peer,
        value,
        least,
        most);
  }
  return value;
}

Status parse_status(PayloadReader& in, std::string_view peer) {
  Status m;
  m.phase = printable(in.text());
  m.tick = in.u64();
  m.step = static_cast<Step>(choice(in, peer, 0, 3));
  return m;
}

// What travels before or beside the words between rank and launcher.
Message parse_carried(
    std::uint8_t type, PayloadReader& in, std::string_view peer) {
  switch (type) {
    case Type::challenge:
      return Challenge{in.text()};
    case Type::answer: {
      Answer m;
      m.nonce = in.text();
      m.proof = in.text();
      return m;
    }
    case Type::proof:
      return Proof{in.text()};
    case Type::input: {
      Input m;
      m.bytes = in.text();
      m.last = choice(in, peer, 0, 1) == 1;
      return m;
    }
    case Type::output: {
      Output m;
      m.stream = static_cast<std::int32_t>(choice(in, peer, 1, 2));
      m.bytes = in.text();
      return m;
    }
    default:
      fail(
          ErrorKind::network,
          "{} sent a control message of type {}, expected 1 to {}; "
          "it is not lockstep or another version",
          peer,
          type,
          static_cast<int>(Type::ping));
  }
}

Message parse(std::uint8_t type, PayloadReader& in, std::string_view peer) {
  // Each field in a statement of its own: the order of reading is the wire's.
  switch (type) {
    case Type::hello: {
      Hello m;
      m.rank = in.i32();
      m.size = in.i32();
      m.pid = in.i32();
      m.host = printable(in.text());
      return m;
    }
    case Type::welcome:
      return Welcome{static_cast<Streams>(choice(in, peer, 0, 2))};
    case Type::ready:
      return Ready{static_cast<std::int32_t>(choice(in, peer, 0, 65535))};
    case Type::turn:
      return Turn{in.text()};
    case Type::ping:
      return Ping{choice(in, peer, 0, 1) == 1};
    case Type::status:
      return parse_status(in, peer);
    case Type::goodbye: {
      Goodbye m;
      m.code = in.i32();
      m.text = printable(in.text());
      return m;
    }
    default:
      return parse_carried(type, in, peer);
  }
}

} // namespace

std::string encode(const Message& message) {
  return encode_frame(std::visit(Encoder{}, message));
}

Message decode(const Frame& frame, std::string_view peer) {
  PayloadReader in(frame.payload, peer);
  auto message = parse(frame.type, in, peer);
  in.finish();
  return message;
}

} // namespace lockstep::link
