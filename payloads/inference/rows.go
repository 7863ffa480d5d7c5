package inference

import (
	"slices"

	"brunt/payloads/file"
	"brunt/payloads/jsonscan"
	"brunt/payloads/table"
)

// objectRows are rows as JSON lines.
type objectRows struct{ *file.Lines }

func (o *objectRows) place() int { return o.Line }

func (o *objectRows) row() (row, error) {
	line, err := o.Next()
	if err != nil {
		return row{}, err
	}
	var r row
	value := line[jsonscan.SkipSpace(line, 0):]
	if !jsonscan.Valid(value) || value[0] != '{' {
		what := "not a row; an inference table has an object with request on each line"
		if !jsonscan.Valid(value) {
			what = jsonscan.LineFault(line)
		}
		return r, o.Problem(what)
	}
	var id, stamp, clock []byte
	jsonscan.EachMember(value, 0, 1, func(rawKey, value []byte, _ int) string {
		key, _ := jsonscan.Unquote(rawKey)
		text, isText := jsonscan.Unquote(value)
		switch string(key) {
		case requestColumn:
			// Some exports have it as JSON within the JSON.
			if r.request = text; string(value) == "null" || jsonscan.IsAt(value, 0, '"') && !isText {
				r.request = nil
			}
		case "served_entity_name":
			r.name = textOf(text, isText)
		case "served_entity_id":
			id = textOf(text, isText)
		case stampColumn:
			stamp = text
		case clockColumn:
			clock = text
		}
		return ""
	})
	r.at = requestTime(stamp, clock)
	if len(r.name) == 0 {
		r.name = id
	}
	return r, nil
}

func textOf(text []byte, isText bool) []byte {
	if !isText {
		return nil
	}
	return text
}

// tableRows are rows of CSV.
type tableRows struct {
	table                             *table.Table
	rows                              *table.Reader
	request, entity, id, stamp, clock int // columns, -1 where there is none
}

func openTableRows(content *file.Mapping) (*tableRows, error) {
	t := &table.Table{Content: content, Header: true, Separator: ','}
	x := &tableRows{table: t, rows: t.Open()}
	if err := x.rows.Next(); err != nil {
		return nil, t.Ended(err)
	}
	if err := t.Begin(x.rows); err != nil {
		return nil, err
	}
	column := func(name string) int {
		return slices.IndexFunc(t.Columns, func(c table.Column) bool { return c.Name == name })
	}
	x.request, x.entity, x.id = column(requestColumn), column("served_entity_name"), column("served_entity_id")
	x.stamp, x.clock = column(stampColumn), column(clockColumn)
	if x.request < 0 {
		return nil, x.Problem("no column request; an inference table has one, with the bodies")
	}
	return x, nil
}

func (x *tableRows) place() int                { return x.rows.Start }
func (x *tableRows) Problem(what string) error { return x.rows.Problem("%s", what) }

func (x *tableRows) row() (row, error) {
	if err := x.rows.Next(); err != nil {
		return row{}, err
	}
	if err := x.table.SameLength(x.rows); err != nil {
		return row{}, err
	}
	value := func(column int) []byte {
		if column < 0 {
			return nil
		}
		return x.rows.Value(column)
	}
	r := row{request: value(x.request), name: value(x.entity), at: requestTime(value(x.stamp), value(x.clock))}
	if string(r.request) == "null" {
		r.request = nil
	}
	if len(r.name) == 0 {
		r.name = value(x.id)
	}
	return r, nil
}
