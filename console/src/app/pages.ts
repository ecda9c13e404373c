import type { ComponentType } from 'react';
import type { LucideIcon } from 'lucide-react';
import {
  BellRing,
  Bot,
  Boxes,
  Building2,
  FileClock,
  FileCode2,
  Footprints,
  LayoutDashboard,
  ListChecks,
  LogIn,
  ScrollText,
  Server,
  ShieldCheck,
  SlidersHorizontal,
  ToggleRight,
  Users,
  Workflow,
  Wrench,
} from 'lucide-react';
import type { Permission } from '../api/session';
import type { shellWords } from './words';

export type Section = 'overview' | 'tools' | 'calls' | 'customers' | 'administration' | 'operation';

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
    path: '/',
    nav: { section: 'overview', words: 'overview', icon: LayoutDashboard },
    permission: 'own.read',
    load: async () => (await import('../pages/overview')).OverviewPage,
  },
  {
    path: '/start',
    permission: 'groups.read',
    load: async () => (await import('../pages/start')).StartPage,
  },
  {
    path: '/groups',
    nav: { section: 'tools', words: 'groups', icon: Boxes },
    permission: 'groups.read',
    load: async () => (await import('../pages/groups')).GroupsPage,
  },
  {
    path: '/groups/$id/$tab',
    permission: 'groups.read',
    load: async () => (await import('../pages/group')).GroupPage,
  },
  {
    path: '/tools',
    nav: { section: 'tools', words: 'tools', icon: Wrench },
    permission: 'tools.read',
    load: async () => (await import('../pages/tools')).ToolsPage,
  },
  {
    path: '/calls',
    nav: { section: 'calls', words: 'calls', icon: FileClock },
    permission: 'calls.read',
    load: async () => (await import('../pages/calls')).CallsPage,
  },
  {
    path: '/evidence',
    nav: { section: 'calls', words: 'evidence', icon: ShieldCheck },
    permission: 'calls.read',
    load: async () => (await import('../pages/evidence')).EvidencePage,
  },
  {
    path: '/automation',
    nav: { section: 'customers', words: 'automation', icon: Workflow },
    permission: 'automation.read',
    load: async () => (await import('../pages/automation')).AutomationPage,
  },
  {
    path: '/automation/runs',
    nav: { section: 'customers', words: 'runs', icon: Footprints },
    permission: 'automation.read',
    load: async () => (await import('../pages/runs')).RunsPage,
  },
  {
    path: '/automation/settings',
    nav: { section: 'customers', words: 'automation_settings', icon: SlidersHorizontal },
    permission: 'automation.read',
    load: async () => (await import('../pages/automation-settings')).AutomationSettingsPage,
  },
  {
    path: '/agents',
    nav: { section: 'customers', words: 'agents', icon: Bot },
    permission: 'agents.read',
    load: async () => (await import('../pages/agents')).AgentsPage,
  },
  {
    path: '/people',
    nav: { section: 'administration', words: 'people', icon: Users },
    permission: 'users.read',
    load: async () => (await import('../pages/people')).PeoplePage,
  },
  {
    path: '/sign-in',
    nav: { section: 'administration', words: 'sign_in', icon: LogIn },
    permission: 'users.read',
    load: async () => (await import('../pages/sign-in')).SignInSettingsPage,
  },
  {
    path: '/tenants',
    nav: { section: 'administration', words: 'tenants', icon: Building2 },
    permission: 'tenants.manage',
    load: async () => (await import('../pages/tenants')).TenantsPage,
  },
  {
    path: '/features',
    nav: { section: 'administration', words: 'features', icon: ToggleRight },
    permission: 'features.read',
    load: async () => (await import('../pages/features')).FeaturesPage,
  },
  {
    path: '/configuration',
    nav: { section: 'administration', words: 'configuration', icon: FileCode2 },
    permission: 'config.read',
    load: async () => (await import('../pages/configuration')).ConfigurationPage,
  },
  {
    path: '/alerts',
    nav: { section: 'operation', words: 'alerts', icon: BellRing },
    permission: 'alerts.read',
    load: async () => (await import('../pages/alerts')).AlertsPage,
  },
  {
    path: '/jobs',
    nav: { section: 'operation', words: 'jobs', icon: ListChecks },
    permission: 'jobs.read',
    load: async () => (await import('../pages/jobs')).JobsPage,
  },
  {
    path: '/server',
    nav: { section: 'operation', words: 'server', icon: Server },
    permission: 'status.read',
    load: async () => (await import('../pages/server')).ServerPage,
  },
  {
    path: '/audit',
    nav: { section: 'operation', words: 'audit', icon: ScrollText },
    permission: 'audit.read',
    load: async () => (await import('../pages/audit')).AuditPage,
  },
  {
    path: '/account',
    permission: 'own.read',
    load: async () => (await import('../pages/account')).AccountPage,
  },
];
