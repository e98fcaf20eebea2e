package main

import (
	"log"
	"net/http"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// webSocket tells first of the request, as JSON, and then sends back every message that it gets.
func (it *echo) webSocket(w http.ResponseWriter, r *http.Request) {
	told, err := it.tell(w, r)
	if err != nil {
		it.refuse(w, http.StatusRequestEntityTooLarge, err.Error())
		return
	}
	// The proxy in front decides who may connect, not this server.
	connection, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		log.Printf("no WebSocket: %v", err)
		return
	}
	defer connection.CloseNow()
	if err := wsjson.Write(r.Context(), connection, told); err != nil {
		return
	}
	for {
		kind, message, err := connection.Read(r.Context())
		if err != nil {
			return // the client has closed, or has gone
		}
		if err := connection.Write(r.Context(), kind, message); err != nil {
			return
		}
	}
}
