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
//     (prepare, start, change, clock, end), answered by it. They are not stored, so that
//     nothing that is secret in an order is kept anywhere, and no other worker hears them.
//   - subject brunt.SESSION.credentials: a worker asks for the tokens that requests carry,
//     and the answer is sealed for its key. It is not stored either.
//   - the stream of a session: snapshots, one message each second and worker, with an id
//     by which a message that is sent twice counts once. It outlives the coordinator.
//   - its key-value bucket: the lease of each worker, and what a coordinator that is
//     started again needs to go on.
//   - its object store: files of bodies by digest.
//
// A worker may send while it holds its lease. A lease that was not renewed is revoked in
// one step that fails where the worker has renewed it meanwhile, and only then is the
// worker's share given to others: no ticket is sent by two. Where requests have numbers
// instead of instants, the lease says how far the worker may go, too, and what lies beyond
// is what others are given.
//
// A change is decided by the coordinator, written down, and then told to each worker again
// and again, in order, until it answers or is lost. A coordinator has a term, the revision
// at which it took the session: workers do nothing for one that was replaced.
//
// May import: attack, attack/cluster/clocks, attack/plan, attack/result,
// attack/result/join, attack/result/wire, attack/spell, payloads/setting.
package cluster
