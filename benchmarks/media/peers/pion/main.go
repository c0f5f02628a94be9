// A forwarding server in the fewest lines that pion asks for: publish at /whip, watch at /whep.
//
// Built by servers.py (Debian: golang-go, golang-github-pion-webrtc.v3-dev). Arguments: the HTTP address, the address for media.
package main

import (
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"

	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v3"
)

type server struct {
	api   *webrtc.API
	guard sync.Mutex
	track *webrtc.TrackLocalStaticRTP
	alive []*webrtc.PeerConnection
}

func newServer(address string) (*server, error) {
	engine := &webrtc.MediaEngine{}
	if err := engine.RegisterDefaultCodecs(); err != nil {
		return nil, err
	}
	registry := &interceptor.Registry{}
	if err := webrtc.ConfigureTWCCHeaderExtensionSender(engine, registry); err != nil {
		return nil, err
	}
	if err := webrtc.RegisterDefaultInterceptors(engine, registry); err != nil {
		return nil, err
	}
	settings := webrtc.SettingEngine{}
	settings.SetLite(true)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	settings.SetIncludeLoopbackCandidate(true)
	wanted := net.ParseIP(address)
	settings.SetIPFilter(func(ip net.IP) bool { return ip.Equal(wanted) })
	if err := settings.SetAnsweringDTLSRole(webrtc.DTLSRoleServer); err != nil {
		return nil, err
	}
	api := webrtc.NewAPI(
		webrtc.WithMediaEngine(engine), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(settings))
	return &server{api: api}, nil
}

// connect answers an offer; prepare adds what the connection sends or takes.
func (s *server) connect(w http.ResponseWriter, r *http.Request, prepare func(*webrtc.PeerConnection) error) {
	offer, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	connection, err := s.api.NewPeerConnection(webrtc.Configuration{})
	if err == nil {
		err = prepare(connection)
	}
	if err == nil {
		err = connection.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: string(offer)})
	}
	var answer webrtc.SessionDescription
	if err == nil {
		answer, err = connection.CreateAnswer(nil)
	}
	if err == nil {
		gathered := webrtc.GatheringCompletePromise(connection)
		err = connection.SetLocalDescription(answer)
		<-gathered
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	s.guard.Lock()
	s.alive = append(s.alive, connection)
	s.guard.Unlock()
	w.WriteHeader(http.StatusCreated)
	io.WriteString(w, connection.LocalDescription().SDP)
}

func (s *server) publish(w http.ResponseWriter, r *http.Request) {
	s.connect(w, r, func(connection *webrtc.PeerConnection) error {
		track, err := webrtc.NewTrackLocalStaticRTP(
			webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "video", "published")
		if err != nil {
			return err
		}
		s.guard.Lock()
		s.track = track
		s.guard.Unlock()
		connection.OnTrack(func(remote *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
			packet := make([]byte, 1500)
			for {
				size, _, err := remote.Read(packet)
				if err != nil {
					return
				}
				track.Write(packet[:size])
			}
		})
		return nil
	})
}

func (s *server) watch(w http.ResponseWriter, r *http.Request) {
	s.connect(w, r, func(connection *webrtc.PeerConnection) error {
		s.guard.Lock()
		track := s.track
		s.guard.Unlock()
		sender, err := connection.AddTrack(track)
		if err != nil {
			return err
		}
		go func() {
			packet := make([]byte, 1500)
			for {
				if _, _, err := sender.Read(packet); err != nil {
					return
				}
			}
		}()
		return nil
	})
}

func main() {
	s, err := newServer(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/whip", s.publish)
	http.HandleFunc("/whep", s.watch)
	log.Fatal(http.ListenAndServe(os.Args[1], nil))
}
