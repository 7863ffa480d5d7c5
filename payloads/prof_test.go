package payloads
import ("testing";"io";"os")
func BenchmarkProf(b *testing.B){
 path:=os.Getenv("CSV")
 for b.Loop(){ if _,err:=Make(io.Discard, MakeOptions{Path:path,Header:true}); err!=nil {b.Fatal(err)} }
}
