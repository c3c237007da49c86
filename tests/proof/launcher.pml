/* Starts a world, watches it, ends it, and starts another one. */
inline forget_packets() {
  for (i : 0 .. KEPT - 1) {
    headers[i].tick = 0; headers[i].n = 0; headers[i].seq = 0;
    headers[i].slot = 0; headers[i].offset = 0; headers[i].index = 0;
    headers[i].wanted = 0; headers[i].closes = 0; headers[i].opens = 0;
    headers[i].opener = 0; headers[i].next_ops = 0;
    headers[i].next_tokens = 0; headers[i].end = 0
  }
  for (i : 0 .. 2 * N - 1) {
    rounds[i / N].from[i % N].purpose = 0;
    rounds[i / N].from[i % N].size = 0;
    rounds[i / N].from[i % N].tick = 0;
    rounds[i / N].from[i % N].world = 0;
    rounds[i / N].from[i % N].prefers = 0;
    rounds[i / N].from[i % N].kind = 0;
    rounds[i / N].from[i % N].on = 0;
    rounds[i / N].from[i % N].due = 0;
    rounds[i / N].from[i % N].states = 0;
    rounds[i / N].from[i % N].result = 0
  }
  rounds[0].n_in = 0; rounds[0].n_out = 0;
  rounds[1].n_in = 0; rounds[1].n_out = 0
}

/* New processes, which know nothing; requests go on after what was told. */
inline begin_world() {
  world++;
  epoch[world] = world;
  if
  :: world == 1 || n_done + n_lost == N -> forget_packets()
  :: else /* somebody is there who would still take them */
  fi;
  n_done = 0; n_lost = 0; left_at = NONE;
  for (i : 0 .. N - 1) {
    ended[i] = 0
  }
  for (i : 0 .. SLOTS - 1) {
    slots[i] = vacant
  }
  for (i : 0 .. SEQS - 1) {
    ready[i] = 0; entered[i] = 0; n_input[i] = 0; slot_of[i] = 0;
    state[i] = (cancelled[i] || told[i] == ANSWER -> over : waiting)
  }
}

active proctype Launcher() {
  byte r;
  atomic {
    for (r : 0 .. N - 1) {
      run Rank(r)
    }
    arrived[0] = 1;
    if
    :: peers_are_told = 1
    :: peers_are_told = 0
    :: faults > 0 -> faults--; odd = N - 1
    fi
  }
  do
  :: world < WORLDS ->
     d_step { begin_world(); skip }
     if
     :: n_done == N -> break
     :: n_lost > 0
     :: atomic { faults > 0 -> faults--; launcher_gone = 1; goto gone }
     fi;
     d_step {
       for (i : 0 .. N - 1) {
         ended[i] = 1
       }
       skip
     }
     n_done + n_lost == N /* none of its processes is left */
  :: world == WORLDS -> break
  od;
  assert(n_done == N || faults < FAULTS);
  d_step {
    for (i : 0 .. SEQS - 1) {
      assert(n_done < N || !arrived[i] || cancelled[i] || told[i] == ANSWER)
    }
    skip
  }
gone:
  no_more = 1
}
