// Package file gives the content of a payload file as mapped memory, for any
// kind of file.
//
//	regular file ─────────────────────────→ mapped
//	gzip, zstd ─────────┐
//	standard input ─────┼→ temporary copy ─→ mapped
//	pipe, /proc ────────┘  (spool.go)          │
//	                                      [Mapping.Data]
//	                                           │ [Guard], [Fault]: the file was cut
//	                                           │ [Mapping.Changed]: it was written to
//	                                           └ [CutLine], [Lines]: its lines
//
// Its errors are one line each: the file as the user named it, what is wrong, and
// what to do.
//
// May import: payloads/jsonscan, payloads/setting.
package file
