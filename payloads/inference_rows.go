package payloads

import "slices"

// inferenceObjects are rows as JSON lines.
type inferenceObjects struct{ *lineReader }

func (o *inferenceObjects) place() int { return o.line }

func (o *inferenceObjects) row() (inferenceRow, error) {
	line, err := o.nextLine()
	if err != nil {
		return inferenceRow{}, err
	}
	var r inferenceRow
	value := line[skipSpace(line, 0):]
	if !validJSON(value) || value[0] != '{' {
		what := "not a row; an inference table has an object with request on each line"
		if !validJSON(value) {
			what = lineFault(line)
		}
		return r, o.problem(what)
	}
	var id, stamp, clock []byte
	eachMember(value, 0, 1, func(rawKey, value []byte, _ int) string {
		key, _ := unquote(rawKey)
		text, isText := unquote(value)
		switch string(key) {
		case requestColumn:
			// Some exports have it as JSON within the JSON.
			if r.request = text; string(value) == "null" || isAt(value, 0, '"') && !isText {
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

// inferenceTable are rows of CSV.
type inferenceTable struct {
	table                             *table
	rows                              *tableReader
	request, entity, id, stamp, clock int // columns, -1 where there is none
}

func openInferenceTable(content *mapping) (*inferenceTable, error) {
	t := &table{content: content, header: true, separator: ','}
	x := &inferenceTable{table: t, rows: t.open()}
	if err := x.rows.next(); err != nil {
		return nil, t.ended(err)
	}
	if err := t.begin(x.rows); err != nil {
		return nil, err
	}
	column := func(name string) int {
		return slices.IndexFunc(t.columns, func(c column) bool { return c.name == name })
	}
	x.request, x.entity, x.id = column(requestColumn), column("served_entity_name"), column("served_entity_id")
	x.stamp, x.clock = column(stampColumn), column(clockColumn)
	if x.request < 0 {
		return nil, x.problem("no column request; an inference table has one, with the bodies")
	}
	return x, nil
}

func (x *inferenceTable) place() int                { return x.rows.start }
func (x *inferenceTable) problem(what string) error { return x.rows.problem("%s", what) }

func (x *inferenceTable) row() (inferenceRow, error) {
	if err := x.rows.next(); err != nil {
		return inferenceRow{}, err
	}
	if err := x.table.sameLength(x.rows); err != nil {
		return inferenceRow{}, err
	}
	value := func(column int) []byte {
		if column < 0 {
			return nil
		}
		return x.rows.value(column)
	}
	r := inferenceRow{request: value(x.request), name: value(x.entity), at: requestTime(value(x.stamp), value(x.clock))}
	if string(r.request) == "null" {
		r.request = nil
	}
	if len(r.name) == 0 {
		r.name = value(x.id)
	}
	return r, nil
}
