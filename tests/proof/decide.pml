/* Rank 0's half of a tick: sched/scheduler.h, which does more (docs/tick.md). */
inline end_request(q) {
  if
  :: state[q] == running -> slots[slot_of[q]] = releasing
  :: else
  fi;
  state[q] = over;
  ready[q] = 0
}

inline hear_users() {
  if
  :: !arrived[1] -> arrived[1] = 1
  :: !cancelled[0] && state[0] != over -> cancelled[0] = 1; end_request(0)
  :: true
  fi
}

inline clear_header(h) {
  h.tick = tick; h.n = 0; h.seq = 0; h.slot = 0; h.offset = 0; h.index = 0;
  h.wanted = 0; h.closes = 0; h.opens = 0; h.opener = 0; h.end = 0
}

/* Closings first, then whoever finds a slot free. */
inline add_slot_ops(h) {
  n = 0;
  for (i : 0 .. SLOTS - 1) {
    if
    :: slots[i] == releasing && n < room_ops && h.closes == 0 ->
       h.closes = i + 1; slots[i] = vacant; n++
    :: else
    fi
  }
  for (i : 0 .. SLOTS * SEQS - 1) {
    s = i / SLOTS;
    if
    :: arrived[s] && state[s] == waiting && slots[i % SLOTS] == vacant &&
       n < room_ops && h.opens == 0 ->
       h.opens = i % SLOTS + 1; h.opener = s; n++;
       slots[i % SLOTS] = held; slot_of[s] = i % SLOTS; state[s] = running;
       entered[s] = 0; n_input[s] = PROMPT(s) + told[s]
    :: else
    fi
  }
}

/* Any request that has something to enter, and how much of it. */
inline choose_row() {
  chosen = NONE;
  if
  :: room_tokens > 0 && TO_ENTER(0) -> chosen = 0
  :: room_tokens > 0 && TO_ENTER(1) -> chosen = 1
  :: room_tokens > 0 && lazy > 0 && (TO_ENTER(0) || TO_ENTER(1)) -> lazy--
  :: room_tokens == 0 || !(TO_ENTER(0) || TO_ENTER(1))
  fi;
  n_chosen = room_tokens;
  if
  :: true
  :: chosen != NONE && n_chosen > 1 && lazy > 0 -> lazy--; n_chosen = 1
  fi
}

inline add_row(h) {
  if
  :: chosen != NONE ->
     s = chosen;
     n = (ready[s] -> 1 : n_input[s] - entered[s]);
     n = (n > n_chosen -> n_chosen : n);
     h.n = n; h.seq = s; h.slot = slot_of[s]; h.offset = entered[s];
     entered[s] = entered[s] + n;
     h.wanted = (entered[s] >= n_input[s]);
     h.index = told[s];
     ready[s] = 0
  :: else
  fi;
  chosen = 0; n_chosen = 0
}

inline add_promise(h) {
  h.next_ops = 1; /* for what nobody knows of yet */
  h.next_tokens = 0;
  for (s : 0 .. SEQS - 1) {
    if
    :: arrived[s] && state[s] == waiting -> h.next_ops = 2; h.next_tokens = 2
    :: state[s] == running && entered[s] < n_input[s] -> h.next_tokens = 2
    :: state[s] == running && entered[s] >= n_input[s] ->
       h.next_tokens = MAX(1, h.next_tokens)
    :: else
    fi
  }
}

inline decide(h) {
  hear_users();
  d_step {
    clear_header(h);
    add_slot_ops(h);
    skip /* SPIN wants no d_step to end in a loop */
  }
  choose_row();
  d_step {
    add_row(h);
    add_promise(h);
    h.end = (IDLE(0) && IDLE(1))
  }
}

/* The token that came home. */
inline book(h, token) {
  if
  :: h.wanted ->
     assert(token == h.tick);
     b = h.seq;
     if
     :: state[b] == running ->
        assert(b == h.seq);         /* it is this request's token, */
        assert(h.index == told[b]); /* and its next: none lost or doubled */
        told[b] = told[b] + 1;
        ready[b] = 1;
        if
        :: told[b] == ANSWER -> end_request(b)
        :: else
        fi
     :: else /* it was cancelled meanwhile */
     fi
  :: else
  fi
}
