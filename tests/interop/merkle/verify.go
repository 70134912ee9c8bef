// A log's auditor made of Go's golang.org/x/mod/sumdb/{note,tlog} alone; it shares no code with Xinka.
//
//	verify tree  VKEY ORIGIN DIR OLD-NOTE INDEX...     signature, consistency with an older note, every entry and tile;
//	                                                   prints the audit path of each INDEX
//	verify proof VKEY ORIGIN TLOG-PROOF ENTRY          one entry, offline
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func read(path string) []byte {
	data, err := os.ReadFile(path)
	check(err)
	return data
}

func open(signed []byte, vkey, origin string) tlog.Tree {
	key, err := note.NewVerifier(vkey)
	check(err)
	opened, err := note.Open(signed, note.VerifierList(key))
	check(err)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != origin {
		check(fmt.Errorf("not a checkpoint of %s", origin))
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err)
	root, err := tlog.ParseHash(lines[2])
	check(err)
	return tlog.Tree{N: size, Hash: root}
}

// tiles reads C2SP tiles; Go's own paths name the height as well.
type tiles struct{ dir string }

func (t tiles) Height() int                     { return 8 }
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t tiles) ReadTiles(want []tlog.Tile) (found [][]byte, err error) {
	for _, tile := range want {
		path := filepath.Join(t.dir, strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
		data, err := os.ReadFile(path)
		if err != nil { // a partial tile may have made way for the full one
			data, err = os.ReadFile(strings.Split(path, ".p/")[0])
		}
		if err != nil || len(data) < tile.W*tlog.HashSize {
			return nil, fmt.Errorf("no whole tile %s", path)
		}
		found = append(found, data[:tile.W*tlog.HashSize])
	}
	return found, nil
}

func bundle(dir string, n, size int64) []byte {
	tile := tlog.Tile{H: 8, L: 0, N: n, W: 256}
	if size-n*256 < 256 {
		tile.W = int(size - n*256)
	}
	return read(filepath.Join(dir, strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)))
}

func tree(vkey, origin, dir string, old []byte, indexes []string) {
	now, before := open(read(filepath.Join(dir, "checkpoint")), vkey, origin), open(old, vkey, origin)
	if now.N < before.N {
		check(fmt.Errorf("rolled back from %d to %d", before.N, now.N))
	}
	hashes := tlog.TileHashReader(now, tiles{dir})
	if before.N > 0 {
		proof, err := tlog.ProveTree(now.N, before.N, hashes)
		check(err)
		check(tlog.CheckTree(proof, now.N, now.Hash, before.N, before.Hash))
	}
	// The whole tree once more from the entries, and each leaf against the tiles.
	var stored []tlog.Hash
	mine := tlog.HashReaderFunc(func(want []int64) (found []tlog.Hash, err error) {
		for _, at := range want {
			found = append(found, stored[at])
		}
		return found, nil
	})
	for n, data := int64(0), []byte(nil); n < now.N; n++ {
		if n%256 == 0 {
			data = bundle(dir, n/256, now.N)
		}
		length := int(binary.BigEndian.Uint16(data))
		more, err := tlog.StoredHashes(n, data[2:2+length], mine)
		check(err)
		stored, data = append(stored, more...), data[2+length:]
	}
	root, err := tlog.TreeHash(now.N, mine)
	check(err)
	if root != now.Hash {
		check(fmt.Errorf("the entries lead to another root"))
	}
	for n := int64(0); n < now.N; n += 256 {
		leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, n)})
		check(err)
		if leaf[0] != stored[tlog.StoredHashIndex(0, n)] {
			check(fmt.Errorf("tile %d is another", n/256))
		}
	}
	for _, text := range indexes {
		n, err := strconv.ParseInt(text, 10, 64)
		check(err)
		proof, err := tlog.ProveRecord(now.N, n, hashes)
		check(err)
		for _, hash := range proof {
			fmt.Print(hash, " ")
		}
		fmt.Println()
	}
}

func proof(vkey, origin string, file, entry []byte) {
	head, signed, _ := strings.Cut(string(file), "\n\n")
	lines := strings.Split(head, "\n")
	now := open([]byte(signed), vkey, origin)
	if len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		check(fmt.Errorf("not a tlog-proof"))
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	check(err)
	var path tlog.RecordProof
	for _, line := range lines[2:] {
		data, err := base64.StdEncoding.DecodeString(line)
		check(err)
		var hash tlog.Hash
		copy(hash[:], data)
		path = append(path, hash)
	}
	check(tlog.CheckRecord(path, now.N, now.Hash, index, tlog.RecordHash(entry)))
}

func main() {
	if arguments := os.Args[2:]; os.Args[1] == "tree" {
		tree(arguments[0], arguments[1], arguments[2], read(arguments[3]), arguments[4:])
	} else {
		proof(arguments[0], arguments[1], read(arguments[2]), read(arguments[3]))
	}
}
