/** What the HTTP/2 connections of one server, or of one router's clients, share in a worker: their settings and their tools. */
import { headerListBytes } from '../../core/config/client-needs.ts';
import { BudgetBounds } from '../../core/http2/abuse-budget.ts';
import { FieldSection } from '../../core/http2/field-section.ts';
import { grantThreshold } from '../../core/http2/flow-control.ts';
import { HpackDecoder } from '../../core/http2/hpack/decoder.ts';
import { DynamicTable, TABLE_BYTES_DEFAULT } from '../../core/http2/hpack/dynamic-table.ts';
import { type OwnSettings, UNBOUNDED } from '../../core/http2/settings.ts';
import type { Net } from '../net/net.ts';

/** What a configuration says of the HTTP/2 of a server or a client (spec 02 section 6.4). */
export interface Http2Settings {
  readonly initialStreamWindowBytes: number;
  readonly headerTableBytes: number;
  readonly maxFrameBytes: number;
  readonly maxHeaderListBytes: number | undefined;
  readonly windowUpdateRatio: number;
}

/** A section may be that much larger than what is stored of it before its connection is ended (RFC 9113 section 10.5.1). */
const LIST_BYTES_FACTOR = 16;
const DECODERS_KEPT_MAX = 256;

/** Settings and tools of one side. */
export class Http2Endpoint {
  readonly net: Net;
  readonly own: OwnSettings;
  /** The window of each stream, and when more of it is granted. */
  readonly windowBytes: number;
  readonly grantBytes: number;
  readonly connectionWindowBytes: number;
  readonly connectionGrantBytes: number;
  readonly budgetBounds: BudgetBounds;
  /** The field section that is decoded at the moment: read before the next one is. */
  readonly section: FieldSection;
  /** Where header blocks are composed. */
  readonly scratchAt: number;
  readonly #tableBytes: number;
  readonly #listBytesMax: number;
  readonly #decoders: HpackDecoder[] = [];

  /**
   * @param streamsMax that the peer may have open; UNBOUNDED on the client's side, where it opens none
   * @param sectionAt room for {@link headerListBytes} of its settings, which others may use between two sections
   */
  constructor(
    net: Net,
    settings: Http2Settings,
    isClient: boolean,
    streamsMax: number,
    scratchAt: number,
    sectionAt: number,
  ) {
    const { limits } = net;
    const listBytes = headerListBytes(settings, limits);
    this.net = net;
    this.own = {
      isClient,
      headerTableBytes: settings.headerTableBytes,
      maxConcurrentStreams: isClient ? UNBOUNDED : streamsMax,
      initialWindowBytes: settings.initialStreamWindowBytes,
      maxFrameBytes: settings.maxFrameBytes,
      maxHeaderListBytes: listBytes,
    };
    this.windowBytes = settings.initialStreamWindowBytes;
    this.grantBytes = grantThreshold(this.windowBytes, settings.windowUpdateRatio);
    this.connectionWindowBytes = Math.max(limits.h2ConnectionWindowBytes, this.windowBytes);
    this.connectionGrantBytes = this.connectionWindowBytes >> 1;
    this.budgetBounds = new BudgetBounds(limits);
    this.section = new FieldSection(net.bytes, sectionAt, listBytes, limits.headerCountMax);
    this.scratchAt = scratchAt;
    this.#tableBytes = Math.max(settings.headerTableBytes, TABLE_BYTES_DEFAULT);
    this.#listBytesMax = listBytes * LIST_BYTES_FACTOR;
  }

  /** A decoder for a new connection. */
  takeDecoder(): HpackDecoder {
    const kept = this.#decoders.pop();
    if (kept !== undefined) {
      kept.reset();
      return kept;
    }
    const memory = new Uint8Array(DynamicTable.regionBytes(this.#tableBytes));
    return new HpackDecoder(memory, 0, this.#tableBytes, this.#listBytesMax);
  }

  /** Takes back the decoder of a connection that has ended. */
  giveDecoder(decoder: HpackDecoder): void {
    if (this.#decoders.length < DECODERS_KEPT_MAX) this.#decoders.push(decoder);
  }
}
