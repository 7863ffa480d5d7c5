package attack

import (
	"fmt"
	"strings"

	"brunt/attack/cause"
	"brunt/attack/expect"
	"brunt/attack/result"
	"brunt/attack/spell"
	"brunt/payloads/setting"
)

// checkFault is what is wrong with a success that came whole, by what the plan says of
// bodies and headers; nil for nothing. index is the request's number.
func (r *reply) checkFault(index uint64) error {
	p := &r.run.plan
	if fault := r.bodyFault(p); fault != nil || p.Expect == nil || !p.Expect.Chosen(index) {
		return fault
	}
	r.run.checked.Add(1)
	for i := range p.Expect.Headers {
		if why := r.headerWhy(&p.Expect.Headers[i]); why != "" {
			return &streamError{result.KindHeaderFailed, why}
		}
	}
	if len(p.Expect.Queries) == 0 {
		return nil
	}
	if len(r.kept) > expect.MaxBody {
		r.run.unasked.Add(1)
		return nil
	}
	if why := p.Expect.JSON(r.kept); why != "" {
		body := cause.DescribeBody(r.kept[:min(len(r.kept), cause.SampleSize)])
		return &streamError{result.KindJSONFailed, spell.OneLine(why, 200) + ": " + body}
	}
	return nil
}

// headerWhy says what is not as expected of a header; "" for nothing. One of several
// values is enough.
func (r *reply) headerWhy(want *expect.Header) (why string) {
	var found []string
	r.eachHeader(func(name, value []byte) {
		if len(name) == len(want.Name) && strings.EqualFold(string(name), want.Name) {
			found = append(found, string(value))
		}
	})
	if len(found) == 0 {
		return "no header " + want.Name + " in the reply"
	}
	if want.Value == nil {
		return ""
	}
	for _, value := range found {
		if want.Value.MatchString(value) {
			return ""
		}
	}
	return fmt.Sprintf("header %s is %s, which %s does not match", want.Name, spell.OneLine(found[0], 100), want.Value)
}

// eachHeader calls visit for each header of the reply, whose bytes are valid during the
// call only.
func (r *reply) eachHeader(visit func(name, value []byte)) {
	if r.shared {
		for _, f := range r.fields {
			visit([]byte(f.Name), []byte(f.Value))
		}
		return
	}
	for name, value := range r.Header.All() {
		visit(name, value)
	}
}

// checkWarning says how many replies were checked, where that is not all of them.
func (r *Run) checkWarning() setting.Text {
	c := r.plan.Expect
	if c == nil {
		return setting.Text{}
	}
	if n := r.unasked.Load(); n > 0 {
		r.warn(setting.Textf("%d replies were longer than 1 MiB: %v was not asked of them", n, setting.ExpectJSON))
	}
	if c.Every <= 1 {
		return setting.Text{}
	}
	return setting.Textf("%v and %v looked at %d replies, one in %d: the others count by their status alone",
		setting.ExpectHeader, setting.ExpectJSON, r.checked.Load(), c.Every)
}
