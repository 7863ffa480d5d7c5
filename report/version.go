package report

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Both are set by a release's linker; otherwise the build information tells.
var version, commit = "", ""

// Version of brunt, "devel" where the build does not know it.
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

// Revision says version and commit: what two processes have in common that may work
// together.
func Revision() string {
	of := commit
	if info, ok := debug.ReadBuildInfo(); ok && of == "" {
		of = "unknown"
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				of = s.Value[:min(12, len(s.Value))]
			}
		}
	}
	return fmt.Sprintf("%s commit %s", Version(), of)
}

// VersionLine says version, commit, Go and platform.
func VersionLine() string {
	return fmt.Sprintf("brunt %s %s %s/%s", Revision(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
