// Package generate makes files of request bodies for brunt payloads make.
//
//	CSV rows ────────────── table.go, table_body.go ──┐
//	.txt, .csv, .jsonl ──── prompts*.go ┐             │
//	datasets and traces ─── datasets.go ┤             │
//	made-up prompts ─────── synthetic.go┴ chat_body.go┼→ one body per line
//	an example body ─────── example.go ───────────────┤
//	OpenAPI description ─── openapi*.go ──────────────┘
//
// [Options] are the flags of the command; [Bodies] reads and writes.
//
// May import: payloads/dataset, payloads/draw, payloads/file, payloads/jsonscan,
// payloads/setting, payloads/shape, payloads/show, payloads/table.
package generate
