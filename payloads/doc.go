// Package payloads turns files of JSON into the bodies that a run sends.
//
// A file is mapped into memory, indexed and checked once, in parallel; from
// then on body number i of a run is a pure function of i ([Set.At]): nothing
// is read, copied or allocated per request, and several workers or machines
// that share a ticket counter share one order of bodies.
//
//	FILE:WEIGHT ─ParseSpec→ Spec ┐
//	                     Options ┴ Open ─→ load.go     each file: opened, its format found
//	                                        chunk.go    cut into chunks of whole lines
//	                                        index.go    each body's place, checked
//	                                        request.go  lines of the request format
//	                                           │
//	                                        source.go   one file, ready
//	                                           │  rotation.go  whose turn by weight
//	                                        set.go      Set.At(i), Splices(i), Where(i)
//	                                           │
//	                                        attack sends the Item
//
// Because bodies point into mapped files, code that reads them must be
// ready for a file that another program cuts short during the run: see
// [brunt/payloads/file.Fault].
//
// The packages, from the lowest up; each imports only those above it in this list:
//
//	setting    what a run can be set to, for errors to name without a flag
//	jsonscan   the JSON walker: checks, skips, members, why a text is no JSON
//	show       values in messages: excerpts, counts, JSON fit for a terminal
//	draw       random numbers, shuffles and distributions as pure functions of a seed
//	file       files as mapped memory: unpacking, temporary copies, lines, faults
//	table      CSV files: rows, columns and their types
//	shape      the kinds of bodies that model serving knows, by their keys
//	splice     the request's id, put into a body while it is sent
//	compose    bodies that are made before the run: texts, files, forms, compressed ones
//	inference  exports of inference tables, turned into request lines
//	targetlist vegeta's lists of targets, turned into request lines
//	dataset    datasets and traces of language models, a conversation at a time
//	payloads   the set of bodies that a run reads; [Check] lists what is wrong
//	stat       what is in payload files (brunt payloads stat)
//	generate   makes bodies: CSV, prompts, examples, OpenAPI (brunt payloads make)
//
// May import: payloads/compose, payloads/dataset, payloads/draw, payloads/file, payloads/inference,
// payloads/jsonscan, payloads/setting, payloads/show, payloads/splice, payloads/targetlist.
package payloads
