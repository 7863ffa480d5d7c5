// Package table reads CSV files as rows of typed columns.
//
//	[Table.Open] ─→ [Reader.Next] ─→ fields of a row (reader.go, quotes.go)
//	[Table.Begin]  the header, or numbers, as the names of the columns
//	[Column.Look]  for each value, then [Column.Infer]: the column's type
//	[Column.AppendValue]  a value as JSON of that type (cell.go)
//
// encoding/csv would not do: it turns CRLF within quotes into LF, does not tell
// a quoted empty field from an empty one (here "" and null), reads a quote that
// is never closed to the end of the file, and says less of what is wrong.
//
// May import: payloads/file, payloads/jsonscan, payloads/setting, payloads/show.
package table
