// Command typecheck says what does not compile on another system: GOOS and GOARCH
// name it, the arguments the packages. Types are worked out from the sources of brunt,
// its tests and all that they import, which takes a tenth of the time of compiling
// them.
package main

import (
	"fmt"
	"os"

	"golang.org/x/tools/go/packages"
)

// mode asks for types from sources alone: of compiled packages there are none.
const mode = packages.NeedName | packages.NeedImports | packages.NeedDeps | packages.NeedSyntax | packages.NeedTypes

func main() {
	all, err := packages.Load(&packages.Config{Mode: mode, Tests: true}, os.Args[1:]...)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if packages.PrintErrors(all) > 0 || len(all) == 0 {
		os.Exit(1)
	}
	fmt.Printf("%s: %d packages\n", os.Getenv("GOOS"), len(all))
}
