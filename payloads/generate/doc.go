// Package generate makes files of request bodies for brunt payloads make.
//
//	CSV rows ────────────── table.go, table_body.go ──┐
//	.txt, .csv, .jsonl ──── prompts*.go ┐             │
//	made-up prompts ─────── synthetic.go┴ chat_body.go┼→ one body per line
//	an example body ─────── example.go ───────────────┤
//	OpenAPI description ─── openapi*.go ──────────────┘
//
// [Options] are the flags of the command; [Bodies] reads and writes.
//
// May import: draw, file, jsonscan, shape, show, table.
package generate
