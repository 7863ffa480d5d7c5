package config

import (
	"reflect"
	"slices"
	"testing"
)

// TestOfCommand: the command that is named is read alone, with what is none, and all
// where an answer speaks of all.
func TestOfCommand(t *testing.T) {
	type all struct {
		Attack  struct{} `cmd:""`
		Mock    struct{} `cmd:""`
		Version bool     `name:"version"`
	}
	every := []string{"Attack", "Mock", "Version"}
	for _, c := range []struct {
		args, want []string
	}{
		{[]string{"mock", "-x"}, []string{"Mock", "Version"}},
		{[]string{"attack", "mock"}, []string{"Attack", "Version"}},
		{nil, every},
		{[]string{"help", "mock"}, every},
		{[]string{"version"}, every},
		{[]string{"Mock"}, every},
		{[]string{"--version"}, every},
		{[]string{"mock", "--man"}, every},
	} {
		var names []string
		for f := range reflect.TypeOf(OfCommand(&all{}, c.args)).Elem().Fields() {
			names = append(names, f.Name)
		}
		if !slices.Equal(names, c.want) {
			t.Errorf("%q: %v, want %v", c.args, names, c.want)
		}
	}
	t.Setenv("COMP_LINE", "brunt mock ")
	if _, ok := OfCommand(&all{}, []string{"mock"}).(*all); !ok {
		t.Error("what may come next is answered of one command")
	}
}
