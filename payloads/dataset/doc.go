// Package dataset reads the datasets and traces by which language models are
// usually load-tested, a conversation at a time, whatever their size.
//
//	JSON lines ─ or one JSON array ─ rows.go ──┐
//	  ShareGPT ─────────────────── sharegpt.go ┤
//	  AIPerf single and multi turn  aiperf.go ─┤
//	  Mooncake, Bailian ────────── mooncake.go ┼→ [Reader.Next] → [Conversation]
//	  prompts, vLLM's custom ───── prompts.go ─┤        │
//	CSV: Azure, BurstGPT ───────── csv.go ─────┘        └ [Reader.Notes]: what was left out
//
// [Detect] recognises each by its first row. What a reader does not use (a key,
// a column, a row) it counts, and Notes tells it: nothing is dropped in silence.
//
// May import: payloads/file, payloads/inference, payloads/jsonscan,
// payloads/setting, payloads/show, payloads/table.
package dataset
