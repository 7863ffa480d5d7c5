// Package inference reads exports of inference tables, in which a serving
// endpoint keeps its traffic: a row per request, with the request's body as text
// in one column.
//
//	JSON lines ┐
//	           ├ [Detect] ─ [Convert] ─→ request lines, each on the line of its row
//	CSV ───────┘                         and when each request came
//
// May import: payloads/file, payloads/jsonscan, payloads/table.
package inference
