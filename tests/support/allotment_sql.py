"""The same plans and texts as rows of real records."""

from collections.abc import Iterable

from sqlalchemy import insert

from adapters.sql.base import SqlSession
from adapters.sql.documents import DocumentRow
from adapters.sql.plans import PlanRow, ProjectRow, UnitRow
from domain.content.model import Document, Faq, faq_kind, fingerprint
from domain.plans.model import Plan, Project, Unit

__all__ = ["keep_content", "keep_plans"]


async def keep_plans(
    session: SqlSession, plans: Iterable[Plan], projects: Iterable[Project], units: Iterable[Unit]
) -> None:
    """Write plans, projects and units, the latter two in their order."""
    for plan in plans:
        await session.write(
            insert(PlanRow).values(
                id=plan.id,
                name=plan.name,
                kind=plan.kind.value,
                opens_at=plan.opens_at,
                closes_at=plan.closes_at,
                choosing_from=plan.choosing_from,
                choosing_to=plan.choosing_to,
                notice=plan.notice,
                limit=plan.limit,
                demo=plan.demo,
            )
        )
    for position, project in enumerate(projects):
        await session.write(
            insert(ProjectRow).values(
                id=project.id,
                plan_id=project.plan_id,
                position=position,
                name=project.name,
                district=project.district,
                address=project.address,
                choosing_from=project.choosing_from,
                choosing_to=project.choosing_to,
                summary=project.summary,
                scene=project.scene,
            )
        )
    for position, unit in enumerate(units):
        await session.write(
            insert(UnitRow).values(
                id=unit.id,
                project_id=unit.project_id,
                position=position,
                unit_type=unit.unit_type.value,
                area_from_hundredths=int(unit.area_from * 100),
                area_to_hundredths=int(unit.area_to * 100),
                rent_rate_fen=int(unit.rent_rate * 100),
                flats=unit.count,
            )
        )


async def keep_content(
    session: SqlSession, documents: Iterable[Document], faqs: Iterable[Faq] = ()
) -> None:
    """Write documents, and questions in their order."""
    for document in documents:
        await session.write(
            insert(DocumentRow).values(
                kind=document.kind,
                version=document.version,
                title=document.title,
                text=document.text,
                text_hash=document.text_hash,
                published_at=document.published_at,
            )
        )
    for position, faq in enumerate(faqs):
        await session.write(
            insert(DocumentRow).values(
                kind=faq_kind(faq.id),
                version=faq.version,
                position=position,
                title=faq.question,
                aliases=list(faq.aliases),
                text=faq.answer,
                text_hash=fingerprint(faq.answer),
                published_at=faq.updated_at,
            )
        )
