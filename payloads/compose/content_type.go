package compose

import (
	"path/filepath"
	"strings"
)

// types are those of contents by the endings of names, the same on every machine.
var types = map[string]string{
	".json": "application/json", ".jsonl": "application/x-ndjson", ".ndjson": "application/x-ndjson",
	".csv": "text/csv", ".txt": "text/plain; charset=utf-8", ".html": "text/html; charset=utf-8", ".md": "text/markdown; charset=utf-8",
	".xml": "application/xml", ".yaml": "application/yaml", ".yml": "application/yaml",
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
	".bmp": "image/bmp", ".tif": "image/tiff", ".tiff": "image/tiff", ".svg": "image/svg+xml", ".avif": "image/avif",
	".wav": "audio/wav", ".mp3": "audio/mpeg", ".flac": "audio/flac", ".ogg": "audio/ogg", ".opus": "audio/ogg", ".m4a": "audio/mp4",
	".mp4": "video/mp4", ".webm": "video/webm", ".mov": "video/quicktime", ".mkv": "video/x-matroska",
	".pdf": "application/pdf", ".zip": "application/zip", ".tar": "application/x-tar",
	".gz": "application/gzip", ".zst": "application/zstd", ".parquet": "application/vnd.apache.parquet",
	".pb": "application/x-protobuf", ".msgpack": "application/msgpack", ".cbor": "application/cbor",
}

// OctetStream is the type of contents of which nothing is known.
const OctetStream = "application/octet-stream"

// ContentType is that of a file by its name. What a.json.gz holds is JSON where a
// Content-Encoding of gzip says how it is packed, and gzip where none does.
func ContentType(path string, coding Coding) string {
	ending := strings.ToLower(filepath.Ext(path))
	if ending == ".gz" && coding == Gzip || ending == ".zst" && coding == Zstd {
		ending = strings.ToLower(filepath.Ext(path[:len(path)-len(ending)]))
	}
	if t := types[ending]; t != "" {
		return t
	}
	return OctetStream
}
