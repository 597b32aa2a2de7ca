"""What is said: publications, their issues and items, standing pages, and the archive of them.

1. `ensure_first` makes the publication "Update" where there is none; `find_publication` finds
   the one that is meant.
2. A back catalogue comes in as plain text: `read_listing` (or `parse_listing`, pure) gives a
   `Listing` or names the line that is damaged; `import_listing` brings it in, whole or not at
   all, and again without effect. Every save is kept as a revision.
3. Who makes and sends issues asks `list_issues`, `find_issue`, `issue_by_id`, `issue_titles`:
   these show everything. `set_public` says whether an issue stands in the archive,
   `last_saved_by` who wrote to it last.
4. Who shows the archive to anybody asks `recent_items`, `public_issue`, `public_item`, `pages`
   and `find_page`: what is not public, or for members, does not exist for them.
5. `keep_picture` keeps a picture by the hash of its bytes; `find_picture` gives them back, and
   `read_logo` reads the organisation's logo in the same way.
6. Who checks an issue before it is sent asks `earlier_items` and `ask_links`.
7. `issue_path`, `item_path` and their like say where each thing stands on the site.

Functions take a session; whoever calls owns the transaction.
"""

from typing import TYPE_CHECKING

from mailer.doors import opened_by

if TYPE_CHECKING:
    from mailer.publication.archive import (
        find_page,
        pages,
        public_issue,
        public_item,
        public_publication,
        recent_items,
    )
    from mailer.publication.content import (
        ArchiveItem,
        Issue,
        IssueSummary,
        Item,
        Page,
        Picture,
        Publication,
        issue_path,
        item_path,
        page_path,
        picture_path,
        publication_path,
    )
    from mailer.publication.dead_links import ask_links
    from mailer.publication.earlier import earlier_items
    from mailer.publication.importing import ImportedListing, import_listing
    from mailer.publication.issues import (
        find_issue,
        issue_by_id,
        issue_titles,
        list_issues,
        set_public,
        version_of,
    )
    from mailer.publication.listing import (
        ListedIssue,
        ListedItem,
        ListedPage,
        Listing,
        parse_listing,
        read_listing,
    )
    from mailer.publication.pictures import (
        KeptPicture,
        Logo,
        find_picture,
        keep_picture,
        logo_path,
        read_logo,
    )
    from mailer.publication.revisions import last_saved_by
    from mailer.publication.series import (
        ensure_first,
        find_publication,
        publication_by_id,
        publications,
    )

__all__ = [
    "ArchiveItem",
    "ImportedListing",
    "Issue",
    "IssueSummary",
    "Item",
    "KeptPicture",
    "ListedIssue",
    "ListedItem",
    "ListedPage",
    "Listing",
    "Logo",
    "Page",
    "Picture",
    "Publication",
    "ask_links",
    "earlier_items",
    "ensure_first",
    "find_issue",
    "find_page",
    "find_picture",
    "find_publication",
    "import_listing",
    "issue_by_id",
    "issue_path",
    "issue_titles",
    "item_path",
    "keep_picture",
    "last_saved_by",
    "list_issues",
    "logo_path",
    "page_path",
    "pages",
    "parse_listing",
    "picture_path",
    "public_issue",
    "public_item",
    "public_publication",
    "publication_by_id",
    "publication_path",
    "publications",
    "read_listing",
    "read_logo",
    "recent_items",
    "set_public",
    "version_of",
]

__getattr__ = opened_by(__name__, __file__)
