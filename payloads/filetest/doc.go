// Package filetest makes payload files. Only tests import it.
//
// May import: nothing of brunt.
package filetest
