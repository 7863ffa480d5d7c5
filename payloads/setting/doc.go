// Package setting names what a run can be set to, so that errors and advice
// speak of it without the words of any surface. A Text is a sentence with
// settings among its values; the package that shows it gives their names:
//
//	setting.Textf("raise %v, or leave it out", setting.Connections)
//
//	             ┌─ command line (report/words):  raise --connections, or leave it out
//	Text.In ─────┼─ form of the page (report/live): by its keys and labels
//	             └─ Text.String (logs and tests):  raise connections, or leave it out
//
// It stands below payloads, so that bodies' errors, too, can name settings.
//
// May import: nothing of brunt.
package setting
