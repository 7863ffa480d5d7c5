// Package outfile writes files so that what they held before is never lost: File
// is replaced as a whole once its content is complete, and Records are written
// while a run goes on, beside an older file if there is one.
//
// Both find out before any load is sent whether they can be written.
//
// May import: nothing of brunt.
package outfile
