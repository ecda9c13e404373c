import {
  type InfiniteData,
  QueryClient,
  useInfiniteQuery,
  useQuery,
  type UseQueryResult,
} from '@tanstack/react-query';
import {
  type Answered,
  api,
  type DataOf,
  type GetPath,
  type ItemOf,
  type PathOf,
  type QueryOf,
  whole,
  dataOf,
} from './client';
import { ApiFailure } from './failure';

/** What is on screen is asked for anew when the service tells of a change; nothing is asked for again and again. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: false,
      retry: (count, error) => !(error instanceof ApiFailure && error.status < 500) && count < 2,
    },
  },
});

type Params<P extends GetPath> = {
  readonly path?: PathOf<P>;
  readonly query?: QueryOf<P>;
};

type Page<Item> = { readonly data: readonly Item[]; readonly page?: { readonly next_cursor: string | null } };

/** As the client does it, for a path that is known to whoever asks here. */
const get = api.GET as unknown as (path: string, init: object) => Promise<Answered<never>>;

/** Reads one thing, or a list that is whole. */
export function useGet<P extends GetPath>(
  path: P,
  params: Params<P> = {},
  options: {
    readonly enabled?: boolean;
    readonly refetchInterval?:
      number | ((query: { readonly state: { readonly data?: unknown } }) => number | false);
  } = {},
): UseQueryResult<DataOf<P>> {
  return useQuery({
    queryKey: [path, params],
    queryFn: async ({ signal }) => dataOf<DataOf<P>>(get(path, { params, signal })),
    ...options,
  });
}

/** A list that comes page by page, as far as somebody has scrolled. */
export type List<Item> = {
  readonly items: readonly Item[];
  readonly isLoading: boolean;
  readonly isFetching: boolean;
  readonly hasMore: boolean;
  readonly more: () => void;
  readonly refetch: () => void;
  readonly error: Error | null;
};

const NONE: readonly never[] = [];

/** One list for the same answers, so that what is made of it need not be made anew. */
const itemsOf = <Item>({ pages }: InfiniteData<Page<Item>>): readonly Item[] =>
  pages.flatMap(({ data }) => data);

export function useList<P extends GetPath>(
  path: P,
  params: Params<P> = {},
  options: { readonly enabled?: boolean } = {},
): List<ItemOf<P>> {
  const query = useInfiniteQuery({
    queryKey: [path, params, 'pages'],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam, signal }) => {
      const asked = { ...params, query: { limit: 100, ...params.query, cursor: pageParam } };
      return whole<Page<ItemOf<P>>>(get(path, { params: asked, signal }));
    },
    getNextPageParam: ({ page }) => page?.next_cursor ?? undefined,
    select: itemsOf<ItemOf<P>>,
    ...options,
  });
  return {
    items: query.data ?? NONE,
    isLoading: query.isLoading,
    isFetching: query.isFetching,
    hasMore: query.hasNextPage,
    // What failed is not asked for again by itself: the end of the list stays in sight.
    more: () => void (query.isFetchNextPageError || query.isFetchingNextPage || query.fetchNextPage()),
    refetch: () => void query.refetch(),
    error: query.error,
  };
}
