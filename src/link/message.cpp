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
    return {Type::welcome, PayloadWriter().u32(m.descriptors).take()};
  }
  Frame operator()(const Ready&) const { return {Type::ready, {}}; }
  Frame operator()(const Turn&) const { return {Type::turn, {}}; }
  Frame operator()(const Status& m) const {
    return {
        Type::status, PayloadWriter().text(m.phase, 255).u64(m.tick).take()};
  }
  Frame operator()(const Goodbye& m) const {
    return {Type::goodbye, PayloadWriter().i32(m.code).text(m.text).take()};
  }
};

bool flag(PayloadReader& in, std::string_view peer) {
  const auto value = in.u32();
  if (value > 1) {
    fail(
        ErrorKind::network,
        "{} sent {} in a control message, expected 0 or 1",
        peer,
        value);
  }
  return value == 1;
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
      return Welcome{flag(in, peer)};
    case Type::ready:
      return Ready{};
    case Type::turn:
      return Turn{};
    case Type::status: {
      Status m;
      m.phase = printable(in.text());
      m.tick = in.u64();
      return m;
    }
    case Type::goodbye: {
      Goodbye m;
      m.code = in.i32();
      m.text = printable(in.text());
      return m;
    }
    default:
      fail(
          ErrorKind::network,
          "{} sent a control message of type {}, expected 1 to 6; "
          "it is not lockstep or another version",
          peer,
          type);
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
