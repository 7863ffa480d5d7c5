package file

import "bytes"

// foreign are the first bytes of files that people mistake for lines of JSON.
var foreign = []struct{ magic, what string }{
	{"\xFF\xFE", "UTF-16 text; convert it to UTF-8, for example with iconv -f UTF-16 -t UTF-8"},
	{"\xFE\xFF", "UTF-16 text; convert it to UTF-8, for example with iconv -f UTF-16 -t UTF-8"},
	{"PK\x03\x04", "a zip archive; unpack it first"},
	{"BZh", "bzip2 data; unpack it first, or use gzip or zstd"},
	{"\xFD7zXZ\x00", "xz data; unpack it first, or use gzip or zstd"},
	{"\x04\x22\x4D\x18", "lz4 data; unpack it first, or use gzip or zstd"},
	{"\x1F\x8B", "gzip data packed twice; unpack it once"},
	{"\x28\xB5\x2F\xFD", "zstd data packed twice; unpack it once"},
	{"PAR1", "a Parquet file; write its rows as lines of JSON"},
	{"ARROW1", "an Arrow file; write its rows as lines of JSON"},
	{"Obj\x01", "an Avro file; write its rows as lines of JSON"},
}

// Foreign says what else than JSON text the content is, or "".
func Foreign(data []byte) string {
	for _, f := range foreign {
		if bytes.HasPrefix(data, []byte(f.magic)) {
			return f.what
		}
	}
	if len(data) >= 2 && (data[0] == 0) != (data[1] == 0) {
		return foreign[0].what // without a byte order mark
	}
	return ""
}
