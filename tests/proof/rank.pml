/* Every rank: its half of a tick (engine/pipeline.h), and its life from one
 * collective to the next, in the order of the table (TICKS, N_STEPS, …_AT). */
/* This rank's layers, on the batch at its place. */
inline compute(h) {
  if
  :: h.closes > 0 -> holds[h.closes - 1] = NONE; length[h.closes - 1] = 0
  :: else
  fi;
  if
  :: h.opens > 0 ->
     assert(holds[h.opens - 1] == NONE); /* slots are never shared */
     holds[h.opens - 1] = h.opener
  :: else
  fi;
  if
  :: h.n > 0 ->
     assert(h.tick == tick - me && (me == 0 || received == h.tick));
     assert(holds[h.slot] == h.seq && length[h.slot] == h.offset);
     length[h.slot] = length[h.slot] + h.n
  :: else
  fi
}

/* As Pipeline::packet_size has it; larger where more than that is put in. */
inline measure() {
  size = room_tokens;
  for (i : 1 .. N - 2) {
    size = MAX(size, HEADER(i).n)
  }
  size = MAX(size, (me < N - 1 -> headers[own].n : 0));
  size = SIZE(room_ops, size, HEADER(N - 1).wanted)
}

/* As Pipeline::rows_on has it: each end of a message by itself. */
inline put_messages() {
  PACKET.on = (me == N - 1 -> 0 : (me == 0 -> room_tokens : HEADER(me).n));
  PACKET.due = (me == 0 -> 0 : (me == 1 -> room_tokens : HEADER(me - 1).n))
}

/* What became of the batch. */
inline put_output(h) {
  PACKET.states = (h.n > 0 -> h.tick : NONE);
  PACKET.result = (h.n > 0 && h.wanted -> h.tick : NONE)
}

/* A packet may come that is none of this tick's: one of the tick before, or one
 * of this tick in the world before. Its seal tells. */
inline check_seals() {
  seen_epoch = epoch[mine]; seen_tick = tick; seen_world = mine;
  if
  :: true
  :: faults > 0 && tick > 0 -> faults--; seen_tick = tick - 1
  :: faults > 0 && mine > 1 ->
     faults--; seen_epoch = epoch[mine - 1]; seen_world = mine - 1
  fi;
  if
  :: seen_epoch != epoch[mine] -> goto lost
  :: seen_tick != tick -> goto lost
  :: else
  fi;
  assert(seen_world == mine && seen_tick == tick)
}

inline deliver(h) {
  room_ops = h.next_ops;
  room_tokens = h.next_tokens;
  if
  :: me == 0 -> book(HEADER(N - 1), ROUND.from[N - 1].result)
  :: else -> received = ROUND.from[me - 1].states
  fi;
  leaves = h.end;
  seen_epoch = 0; seen_tick = 0; seen_world = 0
}

inline give(why, bytes) {
  assert(mine == world); /* nobody of an old world comes to the new one */
  PACKET.purpose = why;
  PACKET.size = bytes;
  PACKET.tick = tick;
  PACKET.world = mine;
  PACKET.prefers = 0;
  PACKET.kind = kind;
  PACKET.on = 0;
  PACKET.due = 0;
  ROUND.n_in++
}

inline wait_for_all() {
  if
  :: ROUND.n_in == N
  :: faults > 0 -> /* the process dies */
     faults--;
     if
     :: ROUND.n_in-- /* what it gave is lost with it */
     :: true
     fi;
     goto lost
  :: ROUND.n_in < N && n_lost > 0 && peers_are_told -> goto lost
  :: ended[me] || launcher_gone -> goto lost
  fi;
  d_step {
    for (i : 0 .. N - 1) {
      assert(ROUND.from[i].world == PACKET.world);
      assert(ROUND.from[i].purpose == PACKET.purpose);
      assert(ROUND.from[i].size == PACKET.size);
      assert(ROUND.from[i].tick == PACKET.tick);
      assert(ROUND.from[i].kind == PACKET.kind)
    }
    for (i : 1 .. N - 1) {
      assert(ROUND.from[i].due == ROUND.from[i - 1].on)
    }
    skip
  }
}

inline leave_round() {
  ROUND.n_out++;
  if
  :: ROUND.n_out == N -> ROUND.n_in = 0; ROUND.n_out = 0
  :: else
  fi;
  n_met++
}

/* Up to the next collective. */
inline go_on() {
  if
  :: step == TICKS && me == 0 -> decide(headers[tick % KEPT])
  :: else
  fi;
  d_step {
    if
    :: step == TICKS ->
       own = (tick + KEPT - me) % KEPT;
       measure();
       compute(headers[own]);
       give(PURPOSE_AT(step), size);
       put_messages();
       put_output(headers[own])
    :: else ->
       give(PURPOSE_AT(step), BYTES_AT(step));
       PACKET.prefers = (PURPOSE_AT(step) == choice -> me + 1 : 0)
    fi
  }
}

/* What comes of it. */
inline take_in() {
  if
  :: step == TICKS ->
     check_seals();
     d_step {
       deliver(headers[tick % KEPT]);
       assert(tick < MOST_TICKS);
       tick++
     }
  :: step != TICKS && PURPOSE_AT(step) == facts && odd != NONE ->
     goto lost /* all ranks see who differs */
  :: step != TICKS && PURPOSE_AT(step) == choice ->
     kind = ROUND.from[0].prefers /* rank 0 chooses for all */
  :: else
  fi;
  d_step {
    leave_round();
    if
    :: step == TICKS && !leaves
    :: step == TICKS && leaves ->
       assert(left_at == NONE || left_at == tick); /* all in one tick */
       left_at = tick;
       step++
    :: else -> step++
    fi
  }
}

/* As a new process finds itself. */
inline forget_all() {
  d_step {
    step = 0; tick = 0; n_met = 0; leaves = 0;
    room_ops = FIRST_ROOM_OPS; room_tokens = FIRST_ROOM_TOKENS;
    received = NONE; kind = 0;
    for (i : 0 .. SLOTS - 1) {
      holds[i] = NONE; length[i] = 0
    }
    seen_epoch = 0; seen_tick = 0; seen_world = 0
  }
}

/* The processes that are rank `me`, one in each world. Between two collectives
 * nobody sees a rank: what it does there is one step, and to die in the middle
 * is to die at the end of it and take back what was given. */
proctype Rank(byte me) {
  byte mine, step, tick, n_met, room_ops, room_tokens, received, kind;
  byte holds[SLOTS], length[SLOTS];
  bit leaves;

  forget_all();
born:
  if
  :: atomic { mine < world -> mine = world; go_on() }
  :: no_more -> goto end_of_all
  fi;
  do
  :: atomic {
       wait_for_all();
       take_in();
       if
       :: step == N_STEPS -> n_done++; forget_all(); goto born
       :: else -> go_on()
       fi
     }
  od;
lost:
  atomic { n_lost++; forget_all(); goto born }
end_of_all:
  skip
}
