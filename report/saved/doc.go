// Package saved keeps reports as plain JSON files in one directory, and finds them
// again by their number, newest first, or by their name.
//
//	Report ──Save──► $BRUNT_RUNS or <state directory>/brunt/runs/
//	                   20260301T120000Z-my-endpoint.json
//	@-1, @NAME ──Path──► the file       List ──► what each holds, in short
//
// There is no database and no index: a file that is deleted, copied or renamed is a
// run that is deleted, copied or renamed.
//
// May import: payloads/show, report, report/format.
package saved
