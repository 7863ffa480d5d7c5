package attack

import "brunt/attack/result"

// countTokens counts the tokens of a success that came within the window; ended is
// whether its end did.
func (r *reply) countTokens(n *result.WindowTokens, ended bool) {
	switch {
	case r.streaming:
		n.CountStream(r.stream, r.chunksInWindow(), ended)
	case r.readsUsage && ended:
		r.usage.End()
		n.CountWhole(r.usage.Stated.Output)
	}
}

// begin readies r for the reply to another request.
func (r *reply) begin(warm bool) {
	r.stopFollowing()
	r.warm, r.windowBefore = warm, r.windowChunks.Load()
}

// chunksInWindow are those of the last reply that came within the window.
func (r *reply) chunksInWindow() uint64 { return r.windowChunks.Load() - r.windowBefore }

// countChunks counts chunks with output as they come.
func (r *reply) countChunks(n int, at Instant) {
	if n <= 0 {
		return
	}
	if !r.warm {
		r.chunks.Store(r.chunks.Load() + uint64(n))
	}
	if r.run != nil && r.run.inWindow(at) {
		r.windowChunks.Store(r.windowChunks.Load() + uint64(n))
	}
}
