// Package silent keeps bubbletea from asking the terminal for its background
// colour as soon as it is linked in, whatever the command is. A terminal that
// does not answer has every command wait for five seconds, and the question
// shows on it. The panel has no colour that depends on the answer.
//
// It is to be linked in wherever bubbletea is. Packages are initialised in the
// order of their import paths, once what they import is [Go specification,
// Program initialization]: this one before bubbletea's.
//
// May import: nothing of brunt.
package silent
