// Package cluster makes one run of many workers: processes, on this machine or others,
// that each send a share of one plan and report what they measured to a coordinator,
// which sends nothing itself. All that they tell each other goes over NATS, which may be
// embedded in the coordinator.
//
//	Coordinator ── order, start, changes ──► worker ── attack.Run (its share)
//	     ▲  ▲                                  │ │
//	     │  └── lease: renewed each second ────┘ │       key-value bucket
//	     └───── snapshots, whole histograms ─────┘       JetStream stream
//
// What goes where:
//   - subjects brunt.SESSION.w.ID.*: the coordinator's requests to the worker with the id
//     (prepare, start, change, clock, end), answered by it. They are not stored, and an
//     order is sealed for the worker's key, so that nothing that is secret in it is kept
//     anywhere or heard by others.
//   - subject brunt.SESSION.credentials: a worker asks for the tokens that requests carry,
//     and the answer is sealed for its key. It is not stored either.
//   - the stream of a session: snapshots, one message each second and worker, with an id
//     by which a message that is sent twice counts once. It outlives the coordinator, and
//     has no more than came since the last checkpoint.
//   - its key-value bucket: the lease of each worker, and what a coordinator that is
//     started again needs to go on.
//   - its object store: files of bodies by digest, and the run's checkpoint: all that was
//     merged so far.
//
// A worker may send while it holds its lease. A lease that was not renewed is revoked in
// one step that fails where the worker has renewed it meanwhile, and only then is the
// worker's share given to others: no ticket is sent by two. Where requests have numbers
// instead of instants, the lease says how far the worker may go, too, and what lies beyond
// is what others are given.
//
// A worker that comes when a run is under way may be given a share whose holder is lost or
// has left. It begins with nothing. Each of those that hold a piece of the share by then is
// told to yield it as of an instant ahead, and answers from where on it sends no more of
// it; that is what the newcomer is given. Until such an answer the piece is counted with
// whoever holds it: what is not known of a holder that is lost is unknown, not sent twice.
// A closed loop's pieces are yielded as of a number.
//
//	newcomer ◄─ begin ─ Coordinator ─ yield (from t) ─► holder of a piece
//	         ◄─ take (from t') ──┘ ◄── yielded (t' ≥ t) ──┘
//
// A change is decided by the coordinator, written down, and then told to each worker again
// and again, in order, until it answers or is lost. A coordinator has a term, the revision
// at which it took the session: workers do nothing for one that was replaced.
//
// May import: attack, attack/cluster/clocks, attack/plan, attack/result,
// attack/result/join, attack/result/wire, attack/spell, payloads/setting.
package cluster
