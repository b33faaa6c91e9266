/**
 * What the server's and the client's side of HTTP/1 have in common: a tunnel, once CONNECT or Upgrade has made the two
 * connections of an exchange one stream of bytes each way (RFC 9110 sections 7.8 and 9.3.6).
 *
 *     this --receive--> peer.write        paused while the peer's output is over its bound
 *     this ends          peer half-closes, when its output has drained; both ended: both close
 */
import { limitOf } from '../../core/http1/errors.ts';
import { Connection } from '../net/connection.ts';
import type { Patience } from '../net/patience.ts';

/** An HTTP/1 connection of either side. */
export abstract class Http1Connection extends Connection {
  /** How long the peer is borne with. */
  abstract readonly patience: Patience;
  /** The other end of the tunnel; null while this is no tunnel. */
  tunnelPeer: Http1Connection | null = null;
  /** In a tunnel: the peer of this socket has sent its last byte. */
  protected inputEnded = false;
  /** In a tunnel: half-close once everything queued has gone. */
  private shutdownWhenDrained = false;

  /** Counts the bound that a parser's error says was met, if it was one. @param code of core/http1/errors.ts */
  protected countLimit(code: number): void {
    const met = limitOf(code);
    if (met !== undefined) this.net.limitMet(met);
  }

  /** Joins two connections. What one of them has kept goes to the other. */
  static join(a: Http1Connection, b: Http1Connection): void {
    a.tunnelPeer = b;
    b.tunnelPeer = a;
    a.passOnKept(b);
    b.passOnKept(a);
    a.pump();
    if (b.tunnelPeer !== null) b.pump();
  }

  private passOnKept(peer: Http1Connection): void {
    const { kept } = this;
    if (kept === null) return;
    while (kept.byteLength > 0 && !peer.closed) {
      const byteLength = kept.frontBytes;
      peer.write(kept.frontAt, byteLength);
      kept.consume(byteLength);
    }
    this.dropKept();
  }

  /** Carries bytes to the other end of the tunnel, as far as it takes them. */
  protected pump(): void {
    const peer = this.tunnelPeer;
    const { net } = this;
    if (peer === null) return;
    while (this.readable && !peer.closed && peer.outputBytes < net.limits.pendingBytesMax) {
      const end = this.receive(net.readBytes);
      if (end < 0) break;
      peer.write(net.readAt, end - net.readAt);
    }
    if (!this.closed) this.armIn(this.patience.tunnelTicks);
  }

  /** In a tunnel: the peer of this socket is done. */
  protected endTunnelInput(errno: number): void {
    const peer = this.tunnelPeer as Http1Connection;
    if (errno !== 0) {
      this.endTunnel(true);
      return;
    }
    this.inputEnded = true;
    if (peer.inputEnded && peer.output === null && this.output === null) this.endTunnel(false);
    else if (peer.output === null) this.net.sockets.shutdownWrite(peer.fd);
    else peer.shutdownWhenDrained = true;
  }

  /** In a tunnel: everything queued here has gone. */
  protected tunnelDrained(): void {
    const peer = this.tunnelPeer as Http1Connection;
    if (this.shutdownWhenDrained) {
      this.shutdownWhenDrained = false;
      this.net.sockets.shutdownWrite(this.fd);
    }
    if (this.inputEnded && peer.inputEnded && peer.output === null) this.endTunnel(false);
    else peer.pump();
  }

  /** Ends both ends. */
  protected endTunnel(abort: boolean): void {
    const peer = this.tunnelPeer;
    this.tunnelPeer = null;
    if (peer !== null) {
      peer.tunnelPeer = null;
      if (abort) peer.reset();
      else peer.close();
    }
    if (abort) this.reset();
    else this.close();
  }
}
