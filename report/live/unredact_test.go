package live

import (
	"strings"
	"testing"
)

// TestUnredact: the form shows its target without secrets, and what comes back from
// it is the target that was meant.
func TestUnredact(t *testing.T) {
	meant := "http://127.0.0.1:1/x?sig=canary&v=1"
	form := Form{}
	form.fillFrom(&Settings{Target: meant})
	if form.Target != "http://127.0.0.1:1/x?sig=***&v=1" {
		t.Error(form.Target)
	}
	o := Settings{Target: form.Target}
	if o.unredact("http://127.0.0.1:2/", meant); o.Target != meant {
		t.Error(o.Target)
	}
	o.Target = "http://127.0.0.1:3/?sig=***"
	if o.unredact(meant); strings.Contains(o.Target, "canary") {
		t.Error(o.Target)
	}
}
