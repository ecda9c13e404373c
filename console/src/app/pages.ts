import type { ComponentType } from 'react';
import type { LucideIcon } from 'lucide-react';
import { FileClock, Wrench } from 'lucide-react';
import type { Permission } from '../api/session';
import { shellWords } from './words';

type Section = 'tools' | 'calls';

/** A page of the console: where it is, who may see it, and where its code is. */
export type PageEntry = {
  /** Below the console's address; `$id` stands for what it shows. */
  readonly path: string;
  /** None: reached from another page. */
  readonly nav?: {
    readonly section: Section;
    readonly words: keyof typeof shellWords.words;
    readonly icon: LucideIcon;
  };
  readonly permission: Permission;
  readonly load: () => Promise<ComponentType>;
};

export const PAGES: readonly PageEntry[] = [
  {
    path: '/groups',
    nav: { section: 'tools', words: 'groups', icon: Wrench },
    permission: 'groups.read',
    load: async () => (await import('../pages/groups')).GroupsPage,
  },
  {
    path: '/groups/$id/$tab',
    permission: 'groups.read',
    load: async () => (await import('../pages/group')).GroupPage,
  },
  {
    path: '/calls',
    nav: { section: 'calls', words: 'calls', icon: FileClock },
    permission: 'calls.read',
    load: async () => (await import('../pages/calls')).CallsPage,
  },
  {
    path: '/account',
    permission: 'own.read',
    load: async () => (await import('../pages/account')).AccountPage,
  },
];
