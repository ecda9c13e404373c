import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { CatalogStore } from '../catalog-store.js';

/** How late a standing connection learns that its key has expired; a new call is refused at once. */
const EXPIRY_CHECK_MS = 1000;

/** Tells standing connections of keys that expire, where clients are served. */
@Injectable()
export class KeyExpiryChecks implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly catalogs: CatalogStore) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.catalogs.expireKeys(), EXPIRY_CHECK_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }
}
