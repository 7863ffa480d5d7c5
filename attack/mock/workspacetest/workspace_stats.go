package workspacetest

import (
	"slices"
	"sync/atomic"
)

// counts are kept while serving.
type counts struct {
	invocations, served, refused               atomic.Int64
	lookUps, exports, probes                   atomic.Int64
	tokenRequests, tokensIssued, tokensRefused atomic.Int64
}

// Stats is what the workspace has seen and done.
type Stats struct {
	Invocations   int64 // asked for, on either host
	Served        int64 // those that got as far as the model
	Refused       int64 // requests of all kinds whose token was not good
	LookUps       int64 // of details and lists
	Exports       int64 // of metrics
	Discoveries   int64 // of how to log in
	TokenRequests int64
	TokensIssued  int64
	TokensRefused int64
	// ByToken is how many invocations were served to each token given out, in
	// the order in which they were given out; first all personal ones together.
	ByToken []int64
}

// Stats counts up to now.
func (s *Server) Stats() Stats {
	c := &s.counts
	stats := Stats{
		Invocations: c.invocations.Load(), Served: c.served.Load(), Refused: c.refused.Load(), LookUps: c.lookUps.Load(), Exports: c.exports.Load(), Discoveries: c.probes.Load(),
		TokenRequests: c.tokenRequests.Load(), TokensIssued: c.tokensIssued.Load(), TokensRefused: c.tokensRefused.Load(),
	}
	stats.ByToken = make([]int64, stats.TokensIssued+1)
	s.tokens.mu.RLock()
	defer s.tokens.mu.RUnlock()
	for _, k := range s.tokens.known {
		if k.number < len(stats.ByToken) {
			stats.ByToken[k.number] += k.uses.Load()
		}
	}
	return stats
}

// Secrets lists everything that must never be seen outside: all tokens, given
// out or personal, and the secret.
func (s *Server) Secrets() []string {
	s.tokens.mu.RLock()
	defer s.tokens.mu.RUnlock()
	var list []string
	if s.tokens.secret != "" {
		list = append(list, s.tokens.secret)
	}
	for word := range s.tokens.known {
		list = append(list, word)
	}
	slices.Sort(list)
	return list
}

// openAPI describes the endpoint's input.
func openAPI(e *endpoint) object {
	path := "/serving-endpoints/" + e.Name + "/invocations"
	schema := object{
		"type": "object",
		"properties": object{"dataframe_records": object{"type": "array", "items": object{
			"type": "object", "properties": object{"x": object{"type": "number", "format": "double"}}}}},
		"example": object{"dataframe_records": []object{{"x": 1}}},
	}
	return object{
		"openapi": "3.1.0",
		"info":    object{"title": e.Name, "version": "1"},
		"paths": object{path: object{"post": object{
			"requestBody": object{"content": object{"application/json": object{"schema": schema}}},
			"responses":   object{"200": object{"description": "Successful operation"}}}}},
	}
}
