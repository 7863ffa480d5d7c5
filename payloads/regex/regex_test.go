package regex

import "testing"

func TestLazy(t *testing.T) {
	word := Lazy(`^[a-z]+$`)
	if first, again := word(), word(); first != again || !first.MatchString("a") || first.MatchString("1") {
		t.Error("it is not the expression, compiled once")
	}
	wrong := Lazy(`(`)
	defer func() {
		if recover() == nil {
			t.Error("a wrong expression was taken")
		}
	}()
	wrong()
}
