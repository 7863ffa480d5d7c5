package config

import (
	"slices"
	"strings"
	"testing"

	"brunt/payloads/setting"
	"brunt/report/words"
)

// TestFlagOfEachSetting: whatever the engine's errors and advice are about has a
// flag that the command line knows.
func TestFlagOfEachSetting(t *testing.T) {
	_, ctx, err := parse(t, "attack", "x", "--rate", "5")
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, f := range ctx.Flags() {
		known = append(known, "--"+f.Name)
		if f.Tag.Negatable != "" {
			known = append(known, "--no-"+f.Name)
		}
	}
	for _, f := range setting.Fields() {
		if flag, _, _ := strings.Cut(words.Flag(f), " "); !slices.Contains(known, flag) {
			t.Errorf("%s is set by %q, which is no flag", f, flag)
		}
	}
}
